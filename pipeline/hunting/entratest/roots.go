package entratest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"os"
	"sync"
	"time"
)

// roots is an authority for certificates, which is trusted by this process alone.
type roots struct {
	root *x509.Certificate
	key  *ecdsa.PrivateKey

	mu     sync.Mutex
	issued map[string]*tls.Certificate
}

// always is a validity that holds in the bubbles of testing/synctest, too.
func always(c *x509.Certificate) *x509.Certificate {
	c.NotBefore, c.NotAfter = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)
	return c
}

func newRoots() (*roots, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := always(&x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "entratest"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	root, err := x509.ParseCertificate(der)
	return &roots{root: root, key: key, issued: map[string]*tls.Certificate{}}, err
}

// trust makes the root this process's only one.
func (r *roots) trust() {
	_ = os.Setenv("GODEBUG", os.Getenv("GODEBUG")+",x509usefallbackroots=1") // never fails for such a name
	pool := x509.NewCertPool()
	pool.AddCert(r.root)
	x509.SetFallbackRoots(pool)
}

// certificate returns the certificate of the host that a client asks for.
func (r *roots) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.issued[hello.ServerName]; c != nil {
		return c, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := always(&x509.Certificate{SerialNumber: big.NewInt(int64(2 + len(r.issued))), DNSNames: []string{hello.ServerName}})
	der, err := x509.CreateCertificate(rand.Reader, template, r.root, &key.PublicKey, r.key)
	if err != nil {
		return nil, err
	}
	c := &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	r.issued[hello.ServerName] = c
	return c, nil
}
