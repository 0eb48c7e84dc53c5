package folder

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

const (
	// maxElement is the longest name that the usual file systems take, in bytes.
	maxElement = 255
	// emptyName stands for an empty element of a key, as in "a//b"; no other element is escaped to it.
	emptyName = "%"
	hexDigits = "0123456789ABCDEF"
)

// pathOf returns the path of key's file relative to the folder: each element escaped, so that no key leads out of the
// folder, to a hidden name, or to a name that some file system refuses.
func pathOf(key string) (string, error) {
	if key == "" || !utf8.ValidString(key) {
		return "", fmt.Errorf("key %q is empty or not UTF-8", key)
	}
	names := strings.Split(key, "/")
	for i, element := range names {
		names[i] = escape(element)
		if len(names[i]) > maxElement {
			return "", fmt.Errorf("key element %.20q… takes %d bytes as a file name, more than %d", element, len(names[i]), maxElement)
		}
	}
	return filepath.Join(names...), nil
}

// escape returns the file name of one element of a key. Control characters and those that Windows refuses become %XX,
// as do a leading dot (".", "..", hidden names) and a trailing dot or space.
func escape(element string) string {
	if element == "" {
		return emptyName
	}
	var b strings.Builder
	for i := range len(element) {
		c := element[i]
		edge := (c == '.' && i == 0) || ((c == '.' || c == ' ') && i == len(element)-1)
		if c < ' ' || c == 0x7f || edge || strings.IndexByte(`%<>:"|?*\`, c) >= 0 {
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// unescape returns the element that escape gives name for, or false if there is none: the file is not an object.
func unescape(name string) (string, bool) {
	if name == emptyName {
		return "", true
	}
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c == '%' {
			if i+2 >= len(name) {
				return "", false
			}
			hi, lo := strings.IndexByte(hexDigits, name[i+1]), strings.IndexByte(hexDigits, name[i+2])
			if hi < 0 || lo < 0 {
				return "", false
			}
			c = byte(hi<<4 | lo)
			i += 2
		}
		b.WriteByte(c)
	}
	element := b.String()
	return element, escape(element) == name
}
