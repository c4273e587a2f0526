package build

import (
	"crypto/sha256"
	"io"
	"os"
)

// A plugin in the cache ends with a seal: a mark and the sha256 of all before it. A file that a crash has left with holes
// would otherwise be opened, and take the process down. What comes after the sections of an ELF file nobody reads.
const sealMark = "midair plugin sha256:"

const sealSize = int64(len(sealMark) + sha256.Size)

// seal adds the seal to a file.
func seal(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if _, err := f.Write(append([]byte(sealMark), h.Sum(nil)...)); err != nil {
		return err
	}
	return f.Close()
}

// sealed says whether a file is as it was sealed.
func sealed(file string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() < sealSize {
		return false
	}
	h := sha256.New()
	if _, err := io.CopyN(h, f, info.Size()-sealSize); err != nil {
		return false
	}
	rest, err := io.ReadAll(f)
	return err == nil && string(rest) == sealMark+string(h.Sum(nil))
}
