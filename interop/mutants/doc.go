// Package mutants breaks the rules of the program one by one, and wants a test to fail for each: a rule that nothing
// holds is only a comment. .ci/run mutants runs it.
package mutants
