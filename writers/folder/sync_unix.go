//go:build !windows

package folder

import (
	"errors"
	"os"
	"syscall"
)

// syncFolder makes the entries of a folder durable. Network file systems that say EINVAL or ENOTSUP have them durable
// when they answer.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
