//go:build !linux

package folder

import "errors"

// renameExclusive is not to be had here.
func renameExclusive(string, string) error { return errors.ErrUnsupported }
