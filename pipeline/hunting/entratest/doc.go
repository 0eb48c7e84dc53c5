// Package entratest stands in for the world that a sign-in meets: an Internet, which is a proxy that answers for every
// host itself, over TLS with a root of its own; and an Authority, which issues tokens as Microsoft Entra ID does, and as
// the endpoints of managed identities do, and refuses in their words. With it, tests sign in by the real SDK from the
// real configuration, and nothing leaves the machine.
package entratest
