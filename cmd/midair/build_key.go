package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// generateKey writes a new key and its public half. It never overwrites one.
func (o *buildOptions) generateKey(stdout, stderr io.Writer) int {
	if len(o.modules) > 0 || o.host != "" || o.out != "" || o.sign != "" {
		return misused(stderr, "build", errors.New("-genkey stands alone"))
	}
	if err := writeKeys(o.genkey); err != nil {
		fmt.Fprintf(stderr, "midair build: %v\n", err)
		return exitFail
	}
	fmt.Fprintf(stdout, "%s: keep it secret; %[1]s.pub is for the host\n", o.genkey)
	return exitOK
}

func writeKeys(name string) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	open, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return err
	}
	if err := writeNew(name, 0o600, &pem.Block{Type: "PRIVATE KEY", Bytes: secret}); err != nil {
		return err
	}
	if err := writeNew(name+".pub", 0o644, &pem.Block{Type: "PUBLIC KEY", Bytes: open}); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

func writeNew(name string, mode os.FileMode, block *pem.Block) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already, and a key is not overwritten", name)
	}
	if err != nil {
		return err
	}
	return errors.Join(pem.Encode(f, block), f.Close())
}

// readPrivateKey reads an ed25519 key in PEM form.
func readPrivateKey(name string) (ed25519.PrivateKey, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s; midair build -genkey makes a key", name)
	}
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, fmt.Errorf("%s is no private key in PEM form (PKCS 8)", name)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s is a key of another kind than ed25519", name)
	}
	return key, nil
}
