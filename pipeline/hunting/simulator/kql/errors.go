package kql

import "fmt"

// Error is a query that the service refuses, in its own words. Detail says in ours what is wrong and where, for
// whoever reads a log; the service says less.
type Error struct {
	Message string
	Detail  string
}

// Error returns the service's message.
func (e *Error) Error() string { return e.Message }

// syntaxError is what the service says to control commands and to all that its parser cannot read (diagnostic KS198 of
// the public Kusto.Language library, two full stops included).
func syntaxError(format string, args ...any) *Error {
	return &Error{
		Message: "The incomplete fragment is unexpected.. Fix syntax errors in your query.",
		Detail:  fmt.Sprintf(format, args...),
	}
}

// semanticError names the operator that is at fault, if one is.
func semanticError(operator, format string, args ...any) *Error {
	detail := fmt.Sprintf(format, args...)
	message := detail + ". Fix semantic errors in your query."
	if operator != "" {
		message = fmt.Sprintf("'%s' operator: %s", operator, message)
	}
	return &Error{Message: message, Detail: detail}
}

func unknownTable(operator, name string) *Error {
	return semanticError(operator, "Failed to resolve table or column expression named '%s'", name)
}

func unknownColumn(operator, name string) *Error {
	return semanticError(operator, "Failed to resolve scalar expression named '%s'", name)
}
