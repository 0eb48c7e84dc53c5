package interop

import (
	"slices"
	"strings"
	"testing"

	"huntlake/pipeline/hunting"
	"huntlake/schema/catalog"
)

// hunts are named queries as people write them, and what the program makes of them: true if it takes them.
var hunts = []struct {
	name, text string
	taken      bool
}{
	{"encoded commands", `// encoded PowerShell
DeviceProcessEvents
| where FileName in~ ("powershell.exe", "pwsh.exe")
| where ProcessCommandLine has_any ("-enc", "-EncodedCommand") // both spellings
| project Timestamp, DeviceId, DeviceName, AccountName, ProcessCommandLine, ReportId`, true},
	{"office children", `DeviceProcessEvents
| where InitiatingProcessFileName in~ ('winword.exe', 'excel.exe', 'outlook.exe') and FileName !in~ ('splwow64.exe')
| extend Pair = strcat(InitiatingProcessFileName, " > ", FileName)`, true},
	{"signed by nobody", `DeviceFileCertificateInfo | where not(IsSigned) or isempty(Signer) | project-away IsRootSignerMicrosoft`, true},
	{"downloads", `DeviceFileEvents
| where ActionType == "FileCreated" and isnotempty(FileOriginUrl)
| extend Host = tostring(parse_url(FileOriginUrl).Host), Extension = tolower(tostring(split(FileName, ".")[-1]))
| where Extension in ("exe", "dll", "js", "vbs", "iso", "lnk")
| project-keep Timestamp, Device*, FileName, SHA256, FileSize, Host, Extension`, true},
	{"paths", `DeviceFileEvents | where FolderPath startswith @"C:\Users\" and FolderPath matches regex @"(?i)\\AppData\\(Local|Roaming)\\[^\\]+\.exe$"`, true},
	{"public peers", `DeviceNetworkEvents
| where RemoteIPType == "Public" and RemotePort !in (80, 443)
| where ipv4_is_private(RemoteIP) == false
| extend Peer = strcat(RemoteIP, ":", tostring(RemotePort))`, true},
	{"dns details", `DeviceNetworkEvents
| where ActionType == "DnsConnectionInspected"
| extend Fields = parse_json(AdditionalFields)
| extend Question = tostring(Fields.query), Answers = tostring(Fields["answers"])
| project-away Fields`, true},
	{"run keys", "DeviceRegistryEvents | where RegistryKey has @'\\CurrentVersion\\Run' and RegistryValueData != \"\" | project-rename Value = RegistryValueData", true},
	{"logons", `DeviceLogonEvents
| where LogonType in ("RemoteInteractive", "Network") and ActionType == "LogonFailed"
| extend Local = iff(isempty(RemoteIP), true, false), Hour = hourofday(Timestamp)
| project-reorder Timestamp, DeviceName, AccountName`, true},
	{"usb", `DeviceEvents
| where ActionType == "PnpDeviceConnected"
| extend Fields = todynamic(AdditionalFields)
| project Timestamp, DeviceId, ReportId, ClassName = tostring(Fields.ClassName), Description = tostring(Fields.DeviceDescription)
| where ClassName == "DiskDrive"`, true},
	{"asr", `DeviceEvents | where ActionType startswith "Asr" | parse ActionType with "Asr" Rule "Audited" *`, true},
	{"pipes", `DeviceEvents | where ActionType == "NamedPipeEvent" | parse-where AdditionalFields with * '"PipeName":"' Pipe '"' *`, true},
	{"libraries", `DeviceImageLoadEvents | where FileName =~ "dbghelp.dll" and not(FolderPath has_any (@"C:\Windows\System32", @"C:\Windows\SysWOW64"))`, true},
	{"phish", `EmailEvents
| where EmailDirection == "Inbound" and ThreatTypes has "Phish" and DeliveryAction == "Delivered"
| extend Domain = tolower(SenderFromDomain), Spoofed = SenderFromDomain !~ SenderMailFromDomain
| project Timestamp, NetworkMessageId, RecipientEmailAddress, Domain, Spoofed, Subject, ReportId`, true},
	{"auth of mail", `EmailEvents | extend Auth = parse_json(AuthenticationDetails) | where Auth.DMARC == "fail" and tostring(Auth.SPF) != "pass"`, true},
	{"macros", `EmailAttachmentInfo | where FileType in~ ("docm", "xlsm") or FileName endswith ".one" | extend Size = FileSize / 1024.0`, true},
	{"links", `EmailUrlInfo | where UrlDomain !endswith ".example" | extend Path = tostring(parse_url(Url).Path), Depth = array_length(split(Url, '/'))`, true},
	{"clicks", `UrlClickEvents | where ActionType == "ClickAllowed" and IsClickedThrough | project Timestamp, AccountUpn, Url, NetworkMessageId, ReportId`, true},
	{"cloud apps", `CloudAppEvents
| where ActionType == "New-InboxRule"
| extend Name = tostring(RawEventData.ObjectId), Mailbox = tostring(RawEventData["MailboxOwnerUPN"]), First = tostring(RawEventData.Parameters[0].Value)
| project Timestamp, AccountObjectId, IPAddress, Name, Mailbox, First, ReportId`, true},
	{"sign-ins", `AADSignInEventsBeta | where ErrorCode in (50053, 50126) and Country !in ("DE", "AT") | extend Day = startofday(Timestamp), Known = iif(IsManaged == 1, "yes", "no")`, true},
	{"identities", `IdentityLogonEvents | where Protocol == "Ntlm" and AccountSid !startswith "S-1-5-18" | extend Age = datetime_diff("minute", datetime(2026-11-22), Timestamp)`, true},
	{"directory", `IdentityDirectoryEvents | where ActionType has "Group Membership" | extend To = tostring(parse_json(tostring(AdditionalFields)).["TO.GROUP"])`, true},
	{"alerts", `AlertInfo | where Severity in ("High", "Medium") | extend Techniques = parse_json(AttackTechniques) | extend Count = array_length(Techniques), First = tostring(Techniques[0])`, true},
	{"evidence", `AlertEvidence | where EntityType == "File" | extend Hash = coalesce(SHA256, SHA1), Size = case(FileSize < 1024, "small", FileSize < 1048576, "middle", "large")`, true},
	{"odd names", `AlertInfo | extend ['title'] = tolower(Title), ["A name; with signs"] = Severity | project-away Category`, true},
	{"fenced", "DeviceProcessEvents | where ProcessCommandLine contains ```a \"quoted\"; text``` or ProcessCommandLine == h'secret'", true},

	{"failures by account", `DeviceLogonEvents | where ActionType == "LogonFailed" | summarize count() by AccountName`, false},
	{"parts of an event", `CloudAppEvents | mv-expand Part = RawEventData.Parameters | extend Name = tostring(Part.Name)`, false},
	{"last day", `DeviceEvents | where Timestamp > ago(1d)`, false},
	{"alert with device", `AlertInfo | join kind=inner AlertEvidence on AlertId`, false},
	{"let", `let names = dynamic(["a", "b"]); DeviceEvents | where FileName in (names)`, false},
	{"newest of each", `DeviceInfo | summarize arg_max(Timestamp, *) by DeviceId`, false},
	{"two tables", `union DeviceEvents, DeviceFileEvents | where FileName == "x"`, false},
	{"first rows", `EmailEvents | top 100 by Timestamp`, false},
	{"time of its own", `DeviceEvents | project Timestamp = bin(Timestamp, 1h), FileName`, false},
	{"no time", `DeviceEvents | project DeviceId, FileName`, false},
}

// namedSource is a query as the program reads it.
func namedSource(text string) (hunting.Source, catalog.Table, error) {
	name, tail, err := hunting.ParseNamedQuery(text)
	if err != nil {
		return hunting.Source{}, catalog.Table{}, err
	}
	table, _ := catalog.Lookup(name)
	s := hunting.Source{Name: name, Tail: tail, TimeColumn: table.TimeColumn, Stamp: true}
	return s, table, s.Validate()
}

// TestNamedQueries: what the program takes of people's queries, with its own filters, bins and buckets around it, is
// good KQL with the answers that the program reads, and gives back the columns that the query alone gives.
func TestNamedQueries(t *testing.T) {
	var sources []hunting.Source
	var alone []question
	for _, h := range hunts {
		s, table, err := namedSource(h.text)
		if (err == nil) != h.taken {
			t.Errorf("%s: %v", h.name, err)
		}
		if err == nil {
			sources = append(sources, s)
			alone = append(alone, question{Table: s.Name, Schema: kustoSchema(t, table.Columns), Query: h.text})
		}
	}
	accept(t, alone) // or it is the test that is at fault
	var questions []question
	for i, j := range judge(t, alone) {
		s := sources[i]
		if s.Keys = keysAmong(j.Columns, s.Name); len(s.Keys) == 0 {
			t.Errorf("%s: no column can choose a bucket", alone[i].Query)
		}
		questions = append(questions, questionsOf(t, s, alone[i].Schema, j.Columns)...)
	}
	accept(t, questions)
}

// keysAmong are the columns of an answer that may choose a bucket: its text, and the table's own keys.
func keysAmong(columns, table string) []string {
	known, _ := catalog.Lookup(table)
	var keys []string
	for _, column := range strings.Split(strings.Trim(columns, "()"), ", ") {
		name, kind, _ := strings.Cut(column, ": ")
		if (kind == "string" || slices.Contains(known.KeyColumns, name)) && (hunting.Source{Name: table, Keys: []string{name}}).Validate() == nil {
			keys = append(keys, name)
		}
	}
	return keys
}
