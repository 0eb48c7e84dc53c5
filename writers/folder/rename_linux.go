package folder

import (
	"os"

	"golang.org/x/sys/unix"
)

// renameExclusive renames a file to a name that must not exist, atomically.
func renameExclusive(oldname, newname string) error {
	err := unix.Renameat2(unix.AT_FDCWD, oldname, unix.AT_FDCWD, newname, unix.RENAME_NOREPLACE)
	if err != nil {
		return &os.LinkError{Op: "rename", Old: oldname, New: newname, Err: err}
	}
	return nil
}
