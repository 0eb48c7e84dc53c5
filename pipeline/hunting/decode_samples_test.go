package hunting_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// sample reads one captured response.
func sample(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(sharedErrors(t)), "responses", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDecodeSamples decodes every captured response. Those that are rows alone are put into an answer of the given
// fields. The values are as many as needed to tell that the capture was understood: `row: column value`.
func TestDecodeSamples(t *testing.T) {
	for _, c := range []struct {
		file    string
		dialect hunting.Dialect
		fields  string // of rows alone
		rows    int
		want    []string
	}{
		{"graph-docs-example.json", hunting.Graph, "", 2, []string{`0: Timestamp 2024-03-26T09:39:50.7688641Z`, `1: FileName "cmd.exe"`}},
		{"graph-alertinfo-2024.json", hunting.Graph, "", 2, []string{`0: Timestamp 2024-02-28T04:45:11.0000000Z`, `0: AttackTechniques ""`, `1: Severity "Medium"`}},
		{"graph-tvm-envelope-2026-07-23.json", hunting.Graph, "", 2, []string{`0: IsExploitAvailable true`, `0: CvssScore 4.3`, `1: IsExploitAvailable false`, `1: CvssScore 9.8`}},
		{"graph-int64-annotation-emailclusterid.json", hunting.Graph, "EmailClusterId Int64", 2, []string{`0: EmailClusterId 2629759514`, `1: EmailClusterId 2629759515`}},
		{"graph-oauthappinfo-row-2026-07-23.json", hunting.Graph,
			"ReportId String, Timestamp DateTime, OAuthAppId String, ServicePrincipalId String, AppName String, AddedOnTime DateTime, LastModifiedTime DateTime, AppStatus String, PrivilegeLevel String, " +
				"Permissions Object, IsAdminConsented SByte, AppOrigin String, AppOwnerTenantId String, LastUsedTime DateTime, RiskScore Int32, AssignedRoles Object, ConsentedUsersCount Int32, VerifiedPublisher Object", 1,
			[]string{
				`0: Timestamp 2026-07-23T18:03:20.9280000Z`, `0: IsAdminConsented true`, `0: RiskScore 56`, `0: ConsentedUsersCount null`, `0: AssignedRoles "[]"`,
				`0: Permissions ` + fmt.Sprintf("%q", `[{"PermissionType":"Delegated","PermissionValue":"Files.Read.All","InUse":"true","PrivilegeLevel":"High"},{"PermissionType":"Delegated","PermissionValue":"Mail.ReadWrite","InUse":"true","PrivilegeLevel":"High"}]`),
				`0: VerifiedPublisher ` + fmt.Sprintf("%q", `{"displayName":"OpenAI, L.L.C.","verifiedPublisherId":"6692127","addedDateTime":"2023-10-05T16:48:39.0000000Z"}`),
			}},
		{"graph-secureconfig-row-2026-07.json", hunting.Graph,
			"DeviceId String, DeviceName String, OSPlatform String, Timestamp DateTime, ConfigurationId String, ConfigurationCategory String, ConfigurationSubcategory String, ConfigurationImpact Double, IsCompliant SByte, IsApplicable SByte, Context Object, IsExpectedUserImpact SByte", 1,
			[]string{`0: ConfigurationImpact 5`, `0: IsCompliant false`, `0: IsApplicable true`, `0: Context "[]"`, `0: IsExpectedUserImpact null`, `0: ConfigurationSubcategory ""`}},
		{"graph-softwareinventory-null-datetime-row-2026-07.json", hunting.Graph,
			"DeviceId String, DeviceName String, OSPlatform String, OSVersion String, OSArchitecture String, SoftwareVendor String, SoftwareName String, SoftwareVersion String, EndOfSupportStatus String, EndOfSupportDate DateTime, ProductCodeCpe String", 1,
			[]string{`0: EndOfSupportDate null`, `0: OSVersion "26.5.2.0"`}},
		{"graph-exposuregraphnodes-rows-2026-07-28.json", hunting.Graph, "NodeLabel String, NodeId String, NodeName String, Categories Object, EntityIds Object, NodeProperties Object", -1,
			[]string{`0: Categories "[\"AI\",\"ai_model\"]"`, `0: EntityIds "[{\"type\":\"AiModelNameAndVersion\",\"id\":\"name=gpt-realtime-mini;version=2025-10-06\"}]"`}},
		{"legacy-xdr-docs-example.json", hunting.Defender, "", 2, []string{`0: Timestamp 2020-08-30T06:38:35.7664356Z`, `1: FileName "conhost.exe"`}},
		{"legacy-xdr-alertinfo-2021.json", hunting.Defender, "", 3, []string{`0: Timestamp 2021-04-26T09:37:48.0000000Z`, `2: AlertId "alertId"`}},
		{"legacy-mde-docs-example.json", hunting.Defender, "", 2, []string{`1: Timestamp 2020-02-05T01:10:26.5614772Z`, `1: DeviceId "10cbf9182d4e95660362f65cfa67c7731f62fdb3"`}},
	} {
		t.Run(c.file, func(t *testing.T) {
			text := sample(t, c.file)
			if c.fields != "" {
				text = body(c.dialect, c.fields, rowsAlone(text))
			}
			answer, err := decodeAll(t, strings.NewReader(text), hunting.DecodeOptions{Dialect: c.dialect})
			if err != nil {
				t.Fatal(err)
			}
			if c.rows >= 0 && answer.Rows != int64(c.rows) {
				t.Errorf("%d rows, want %d", answer.Rows, c.rows)
			}
			checkSample(t, answer, c.want)
			want, err := reference([]byte(text), c.dialect)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, sortedValues(t, answer)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// rowsAlone cuts the rows out of a capture that has no schema.
func rowsAlone(text string) string {
	text = strings.TrimSpace(text)
	var envelope struct{ Results json.RawMessage }
	if json.Unmarshal([]byte(text), &envelope) == nil && envelope.Results != nil {
		text = string(envelope.Results)
	}
	return strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
}

func checkSample(t *testing.T, answer *hunting.Answer, want []string) {
	t.Helper()
	var got []string
	for i, row := range values(t, answer) {
		for at, f := range answer.Fields {
			got = append(got, fmt.Sprintf("%d: %s %s", i, f.Name, row[at]))
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("no %s in %q", line, got)
		}
	}
	for _, line := range got {
		if strings.Contains(line, "@odata.type") {
			t.Errorf("a mark of the wire is left: %s", line)
		}
	}
}

// The type names of every captured getschema are known, and each of those tables can be pinned.
func TestCapturedSchemas(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(filepath.Dir(sharedErrors(t)), "getschema", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d captured schemas, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var fs []schema.Field
		if err := json.Unmarshal(text, &fs); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		table, _, err := schema.Table{}.Evolve(fs)
		if err != nil || len(table.Columns) != len(fs) {
			t.Errorf("%s: %d of %d columns, %v", file, len(table.Columns), len(fs), err)
		}
	}
}

// The times of an old capture are all read to the tick.
func TestCapturedTimes(t *testing.T) {
	var times []string
	if err := json.Unmarshal([]byte(sample(t, "msticpy-legacy-timestamps-2019.json")), &times); err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, at := range times {
		rows = append(rows, `{"EventTime":"`+at+`"}`)
	}
	answer, err := decodeAll(t, strings.NewReader(body(hunting.Defender, "EventTime DateTime", rows...)), hunting.DecodeOptions{Dialect: hunting.Defender})
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range values(t, answer) {
		whole, fraction, _ := strings.Cut(strings.TrimSuffix(times[i], "Z"), ".")
		if want := whole + "." + (fraction + "0000000")[:7] + "Z"; row[0] != want {
			t.Errorf("%s became %s", times[i], row[0])
		}
	}
}
