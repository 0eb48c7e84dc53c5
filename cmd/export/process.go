package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// processName names this process in the lake, so that after a kill the next run on this machine need not wait for what
// it had claimed.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s/%d", host, os.Getpid())
}

// processGone reports whether a process with such a name has ended for certain: it ran here, and either no process has
// its number now, or this one has, as the first process of a container that was started again does.
func processGone(name string) bool {
	at := strings.LastIndexByte(name, '/')
	pid, err := strconv.Atoi(name[at+1:])
	host, errHost := os.Hostname()
	if err != nil || errHost != nil || at < 0 || name[:at] != host || pid <= 0 {
		return false
	}
	if pid == os.Getpid() {
		return true
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer func() { _ = p.Release() }()
	return errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
