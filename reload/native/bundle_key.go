package native

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
)

// publicKeyPrefix is what an ed25519 key in the form PKIX begins with; the 32 bytes of the key follow.
var publicKeyPrefix = []byte{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}

// ParsePublicKey reads an ed25519 public key in PEM form, as `midair build -genkey` and `openssl pkey -pubout` write it. A
// host may embed the file.
func ParsePublicKey(data []byte) (ed25519.PublicKey, error) {
	block, _ := pem.Decode(data)
	switch {
	case block == nil:
		return nil, errors.New("this is no public key in PEM form")
	case block.Type != "PUBLIC KEY":
		return nil, fmt.Errorf("this is a PEM file with a %s, and not with a PUBLIC KEY", block.Type)
	}
	key, ok := bytes.CutPrefix(block.Bytes, publicKeyPrefix)
	if !ok || len(key) != ed25519.PublicKeySize {
		return nil, errors.New("this is a public key of another kind than ed25519")
	}
	return ed25519.PublicKey(key), nil
}

// checkSignature says what is wrong with the signature of a manifest.
func checkSignature(key ed25519.PublicKey, data, signature []byte) *BundleError {
	switch {
	case len(key) != ed25519.PublicKeySize:
		return &BundleError{Message: "the public key is not one of ed25519",
			Hint: "native.ParsePublicKey reads one from a file of midair build -genkey"}
	case signature == nil:
		return &BundleError{Message: "the bundle is not signed, and this host accepts only what is signed with its key",
			Hint: "build the bundle with -sign"}
	case !ed25519.Verify(key, data, signature):
		return &BundleError{Message: "the signature of the bundle is not that of the host's key for this manifest: it was " +
			"signed with another key, or altered since",
			Hint: "get the bundle anew, or build it with -sign and the key that belongs to the host's"}
	}
	return nil
}
