package synth

import (
	"fmt"
	"strings"
)

// world is what the rows of all tables speak of.
type world struct {
	devices  []device
	users    []user
	programs []program
	pairs    []string // JSON objects that nested values are put together from
}

type device struct {
	h                                     hash
	id, name, aadID, group, ip, publicIP  string
	platform, version, build, model, make string
	owner                                 int // the first of the users that work on it
}

type user struct {
	h                                       hash
	name, domain, sid, upn, objectID, shown string
}

type program struct {
	h                                         hash
	file, folder, description, company        string
	product, version, sha1, sha256, md5, sign string
	size                                      int64
}

// newWorld makes up a tenant of n devices.
func newWorld(h hash, n int) *world {
	w := &world{}
	h = h.of("world")
	for i := range n {
		w.devices = append(w.devices, newDevice(h.and(1).and(uint64(i)), i, n))
	}
	for i := range n + n/4 + 5 {
		w.users = append(w.users, newUser(h.and(2).and(uint64(i)), i))
	}
	for i := range 600 {
		w.programs = append(w.programs, newProgram(h.and(3).and(uint64(i))))
	}
	// One name is real, so that the first query that everybody tries finds something.
	shell := &w.programs[20]
	shell.file, shell.folder, shell.description = "powershell.exe", `C:\Windows\System32\WindowsPowerShell\v1.0\`, "Windows PowerShell"
	for i := range 2000 {
		w.pairs = append(w.pairs, newPair(h.and(4).and(uint64(i)), &w.users[i%len(w.users)]))
	}
	return w
}

// newPair returns an object of a name and two values.
func newPair(h hash, u *user) string {
	dst := member([]byte{'{'}, "Name", h.pick(stems())+" "+h.and(1).pick(roles()))
	dst = member(dst, "NewValue", u.shown+" "+h.and(2).guid())
	return string(append(member(dst, "OldValue", h.and(3).hex(32)), '}'))
}

func newDevice(h hash, i, n int) device {
	d := device{
		h: h, id: h.hex(40), aadID: h.and(1).guid(), owner: h.and(2).n(n),
		ip:       fmt.Sprintf("10.%d.%d.%d", h.and(3).n(60), h.and(4).n(250), 2+h.and(5).n(250)),
		publicIP: fmt.Sprintf("203.0.113.%d", h.and(6).n(250)),
		group:    h.and(7).pick([]string{"", "branch offices", "head office", "server room", "workshop"}),
		build:    fmt.Sprint(19000 + h.and(8).n(8000)),
		model:    h.and(9).pick([]string{"Slate 14", "Tower M", "Rack 2U", "Folio 13", "Virtual Machine"}),
		make:     h.and(10).pick(companies()),
	}
	switch u := h.and(11).n(20); {
	case u < 15:
		d.platform, d.version = "Windows11", "10.0"
	case u < 17:
		d.platform, d.version = "Linux", "6.8"
	default:
		d.platform, d.version = "macOS", "15.4"
	}
	d.name = fmt.Sprintf("%s-%04d.corp.example.net", h.and(12).pick([]string{"lt", "ws", "srv", "kiosk", "vm"}), i)
	return d
}

func newUser(h hash, i int) user {
	first, last := h.pick(firstNames()), h.and(1).pick(lastNames())
	name := fmt.Sprintf("%s.%s%d", strings.ToLower(plain(first)), strings.ToLower(plain(last)), i)
	return user{
		h: h, name: name, domain: h.and(2).pick([]string{"corp", "corp", "corp", "lab"}), shown: first + " " + last,
		sid: fmt.Sprintf("S-1-12-1-%d-%d-%d-%d", uint32(h.and(3)), uint32(h.and(4)), uint32(h.and(5)), 1000+i),
		upn: name + "@corp.example.net", objectID: h.and(6).guid(),
	}
}

func newProgram(h hash) program {
	stem, role := h.pick(stems()), h.and(1).pick(roles())
	company := h.and(2).pick(companies())
	file := stem + role + ".exe"
	folder := h.and(3).pick([]string{`C:\Program Files\`, `C:\ProgramData\`, `C:\Windows\System32\`, `C:\Users\Public\Apps\`})
	if !strings.Contains(folder, "System32") {
		folder += strings.Fields(company)[0] + `\` + stem + `\`
	}
	return program{
		h: h, file: file, folder: folder, company: company,
		description: fmt.Sprintf("%s %s for daily work", strings.ToUpper(stem[:1])+stem[1:], role),
		product:     fmt.Sprintf("%s® %s Suite", strings.Fields(company)[0], strings.ToUpper(stem[:1])+stem[1:]),
		version:     fmt.Sprintf("%d.%d.%d.%d", 1+h.and(4).n(12), h.and(5).n(10), h.and(6).n(20000), h.and(7).n(4000)),
		sha1:        h.and(8).hex(40), sha256: h.and(9).hex(64), md5: h.and(10).hex(32),
		sign: h.and(11).pick([]string{"Valid", "Valid", "Valid", "Unsigned", "Unknown"}),
		size: int64(20_000 + h.and(12).n(9_000_000)),
	}
}

// known returns what a program says of itself, which many do not.
func (p *program) known(s string) string {
	if p.h.and(13).n(2) == 0 {
		return ""
	}
	return s
}

func plain(s string) string {
	return strings.NewReplacer("é", "e", "ö", "o", "ñ", "n", "ł", "l", "Å", "A", "ß", "ss", "ç", "c").Replace(s)
}

func companies() []string {
	return []string{"Harbour Systems", "Überland Software GmbH", "Northlight Tools", "Société Lumière", "Quayside Labs", "Tamarack Devices", "Kestrel & Sons"}
}

func firstNames() []string {
	return []string{"Aïda", "Bruno", "Chloé", "Dmitri", "Edda", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Käthe", "Luis", "Mira", "Nuño", "Ola", "Petra"}
}

func lastNames() []string {
	return []string{"Ångström", "Bell", "Castaño", "Dahl", "Ekholm", "Farrow", "Groß", "Hale", "Iversen", "Jansen", "Kowalł", "Lindqvist", "Moreau", "Nowak"}
}

func stems() []string {
	return []string{"ledger", "printq", "vaulty", "mailer", "charts", "render", "indexd", "scanner", "meetup", "noter", "bridge", "tunnel",
		"patcher", "audiox", "photon", "batcher", "querier", "reporter", "archive", "beacon", "cipher", "docket", "ferry", "granary"}
}

func roles() []string {
	return []string{"svc", "agent", "host", "ui", "relay", "updater", "worker", "cli", "tray", "setup"}
}
