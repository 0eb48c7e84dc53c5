package synth

import (
	"strconv"
	"strings"

	"huntlake/pipeline/hunting/simulator/kql"
)

// textMaker makes the cells of the string columns whose names are known. Those that begin with InitiatingProcess or
// InitiatingProcessParent speak of the program that acts, all others of the one that is acted on.
func (t *Table) textMaker(name string, salt hash) (maker, bool) {
	short, acting := strings.CutPrefix(name, "InitiatingProcess")
	short = strings.TrimPrefix(strings.TrimPrefix(short, "Parent"), "Process")
	if m, ok := programText(name, short, acting, salt); ok {
		return m, true
	}
	if f, ok := burstText(short, salt); ok {
		return maker{true, patchy(name, salt, func(r *row) kql.Value { return kql.OfString(f(r)) })}, true
	}
	if f, ok := rowText(t.Name(), short, salt); ok {
		return maker{false, func(r *row) kql.Value { return kql.OfString(f(r)) }}, true
	}
	return maker{}, false
}

// patchy empties cells of what is not always known, such as the acting program's account.
func patchy(name string, salt hash, f func(*row) kql.Value) func(*row) kql.Value {
	if !strings.Contains(name, "Account") && !strings.Contains(name, "SHA256") && !strings.Contains(name, "MD5") && !strings.Contains(name, "Sender") && name != "UserAgent" {
		return f
	}
	share := []float64{0.1, 0.3, 0.6, 0.9}[salt.and(61).n(4)]
	return func(r *row) kql.Value {
		if r.burst.and(uint64(salt)).and(62).chance(share) {
			return kql.OfString("")
		}
		return f(r)
	}
}

// programText makes what is known of a program.
func programText(name, short string, acting bool, salt hash) (maker, bool) {
	var f func(p *program) string
	switch strings.TrimPrefix(short, "VersionInfo") {
	case "FileName":
		f = func(p *program) string { return p.file }
	case "InternalFileName", "OriginalFileName":
		f = func(p *program) string { return p.known(p.file) }
	case "FolderPath":
		f = func(p *program) string { return p.folder + p.file }
	case "SHA1":
		f = func(p *program) string { return p.sha1 }
	case "SHA256":
		f = func(p *program) string { return p.sha256 }
	case "MD5":
		f = func(p *program) string { return p.md5 }
	case "CompanyName":
		f = func(p *program) string { return p.known(p.company) }
	case "ProductName":
		f = func(p *program) string { return p.known(p.product) }
	case "ProductVersion":
		f = func(p *program) string { return p.known(p.version) }
	case "FileDescription":
		f = func(p *program) string { return p.known(p.description) }
	case "SignatureStatus", "SignerType":
		f = func(p *program) string { return p.sign }
	case "CommandLine":
		return commandLine(acting, salt), true
	default:
		return maker{}, false
	}
	if acting {
		return maker{true, patchy(name, salt, func(r *row) kql.Value { return kql.OfString(f(r.actor)) })}, true
	}
	return maker{false, patchy(name, salt, func(r *row) kql.Value { return kql.OfString(f(r.target)) })}, true
}

// commandLine makes a command line; that of the acting program is the same for a burst.
func commandLine(acting bool, salt hash) maker {
	return maker{acting, func(r *row) kql.Value {
		p, h := r.target, r.h.and(uint64(salt))
		if acting {
			p, h = r.actor, r.burst.and(uint64(salt))
		}
		dst := append(append(append([]byte{'"'}, p.folder...), p.file...), `" --profile `...)
		dst = append(append(dst, r.user.name...), " --session="...)
		dst = append(dst, h.hex(16)...)
		for k := range h.and(2).skewed(6) {
			g := h.and(3).and(uint64(k))
			dst = append(append(dst, " --"...), g.pick(stems())...)
			dst = append(append(dst, "=C:\\Users\\"...), r.user.name...)
			dst = strconv.AppendInt(append(dst, "\\Documents\\draft "...), int64(g.and(1).n(5000)), 10)
		}
		if h.and(4).n(50) == 0 {
			dst = append(dst, "\t\x07 /quiet"...) // control characters happen
		}
		return kql.OfString(string(dst))
	}}
}

// burstText makes what the rows of a burst have in common: where they happened and whose they are.
func burstText(short string, salt hash) (func(*row) string, bool) {
	mix := func(r *row) hash { return r.burst.and(uint64(salt)) }
	switch short {
	case "DeviceId":
		return func(r *row) string { return r.device.id }, true
	case "DeviceName", "LocalDeviceName":
		return func(r *row) string { return r.device.name }, true
	case "AadDeviceId", "EntraIdDeviceId":
		return func(r *row) string { return r.device.aadID }, true
	case "MachineGroup":
		return func(r *row) string { return r.device.group }, true
	case "OSPlatform":
		return func(r *row) string { return r.device.platform }, true
	case "OSVersion":
		return func(r *row) string { return r.device.version }, true
	case "LocalIP", "IPAddress", "SenderIPv4":
		return func(r *row) string { return r.device.ip }, true
	case "PublicIP":
		return func(r *row) string { return r.device.publicIP }, true
	case "AccountName", "AccountId":
		return func(r *row) string { return r.user.name }, true
	case "AccountDomain":
		return func(r *row) string { return r.user.domain }, true
	case "AccountSid":
		return func(r *row) string { return r.user.sid }, true
	case "AccountUpn", "RecipientEmailAddress", "SenderFromAddress", "SenderMailFromAddress":
		return func(r *row) string { return r.user.upn }, true
	case "AccountObjectId", "RecipientObjectId", "SenderObjectId":
		return func(r *row) string { return r.user.objectID }, true
	case "AccountDisplayName", "SenderDisplayName":
		return func(r *row) string { return r.user.shown }, true
	case "IntegrityLevel":
		return func(r *row) string { return mix(r).pick([]string{"Low", "Medium", "Medium", "High", "System"}) }, true
	case "ActionType":
		return func(r *row) string { return actions()[mix(r).skewed(len(actions()))] }, true
	case "UserAgent":
		return func(r *row) string {
			return "Tamarack/" + r.actor.version + " (" + r.device.platform + "; " + r.device.model + ") Lumière/" + r.target0(salt).version
		}, true
	}
	return nil, false
}

// target0 returns a program that is the same for the whole burst.
func (r *row) target0(salt hash) *program {
	return &r.world.programs[r.burst.and(uint64(salt)).skewed(len(r.world.programs))]
}

func actions() []string {
	return []string{"Observed", "Started", "Opened", "Blocked", "Accepted", "Renamed", "Moved", "Removed", "Signed in", "Refused"}
}

// rowText makes what is different in every row.
func rowText(table, short string, salt hash) (func(*row) string, bool) {
	mix := func(r *row) hash { return r.h.and(uint64(salt)) }
	switch {
	case short == "ReportId":
		return func(r *row) string {
			return mix(r).guid() + "-" + strconv.FormatUint(uint64(r.burst), 10) + "-" + strconv.Itoa(r.number%10)
		}, true
	case short == "NetworkMessageId", short == "CorrelationId", short == "RequestId", short == "TeamsMessageId":
		return func(r *row) string { return mix(r).guid() }, true
	case short == "InternetMessageId":
		return func(r *row) string { return "<" + mix(r).hex(32) + "@mail.example.net>" }, true
	case short == "AlertId", short == "BehaviorId", short == "NodeId", short == "EdgeId":
		return func(r *row) string { return "sim" + mix(r).hex(38) }, true
	case short == "RemoteIP", short == "IP":
		return func(r *row) string {
			h := mix(r)
			return "198.51.100." + strconv.Itoa(h.skewed(250))
		}, true
	case strings.HasSuffix(short, "Url"):
		return func(r *row) string {
			h := mix(r)
			return "https://" + h.pick(stems()) + ".example.org/" + h.and(1).pick(roles()) + "/" + strconv.Itoa(h.and(2).skewed(90_000)) + "?q=a&b=<c>"
		}, true
	case short == "Subject":
		return func(r *row) string {
			h := mix(r)
			return h.pick([]string{"Re: ", "", "Fwd: ", "Aw: ", "回复: "}) + "notes on the " + h.and(1).pick(stems()) + " review, part " + strconv.Itoa(h.and(2).n(300))
		}, true
	case short == "AdditionalFields":
		return func(r *row) string {
			if mix(r).n(2) == 0 {
				return ""
			}
			return string(appendDetails(nil, r, mix(r), strings.HasPrefix(table, "Device")))
		}, true
	}
	return nil, false
}
