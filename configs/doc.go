// Package configs reads what the user wants exported: one YAML file that names the lake, the tenants, the tables and
// the budget, and nothing that the program could find out for itself.
//
// A file is read whole or not at all. Load and Parse report every fault at once, each with its place and its remedy:
//
//	huntlake.yaml:14: tables[2].mode: "snapshots" is not one of event, snapshot
//
// In a scalar value ${NAME} stands for an environment variable and $$ for a dollar sign; what a variable holds is
// never read as YAML. Paths are taken from the folder of the file, so that what is exported where does not depend on
// the folder the program was started in. The *.yaml files beside the code are examples, and Schema is for editors.
package configs
