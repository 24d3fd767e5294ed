package config

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

const exampleFile = "../waitroom.example.yaml"

func TestTheExampleIsAcceptedAndShowsTheDefaults(t *testing.T) {
	got, err := Load(exampleFile, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Keys.Dir = "./waitroom-data/keys"
	want.TrustedProxies = got.TrustedProxies[:0]
	room := DefaultRoom()
	room.Name = "booking"
	room.OpenPaths = []string{"/static/", "/robots.txt"}
	room.Backend = []Backend{{Addr: "127.0.0.1:9000"}}
	room.Rate = mustRate(t, "2,000,000/h")
	room.Burst = 100
	room.OpensAt = got.Rooms[0].OpensAt
	want.Rooms = []Room{room}
	if diff := cmp.Diff(want, got, compareValues()); diff != "" {
		t.Errorf("the example differs from the defaults in more than its comments say (-default +example):\n%s", diff)
	}
}

func TestEverySettingAppearsInTheExampleAtItsPlace(t *testing.T) {
	shown := exampleKeys(t)
	walkKeys(reflect.TypeFor[Config](), "", func(path string) {
		if !shown[path] {
			t.Errorf("%s does not show %s", exampleFile, path)
		}
	})
}

func TestEverySettingOfTheExampleIsKnown(t *testing.T) {
	known := map[string]bool{}
	walkKeys(reflect.TypeFor[Config](), "", func(path string) { known[path] = true })
	for path := range exampleKeys(t) {
		if !known[path] {
			t.Errorf("%s shows %s, which is no setting", exampleFile, path)
		}
	}
}

// exampleKeys is every key of the example with its path, those that are commented out, too:
// `#key:` is a setting, `# text` is a comment.
func exampleKeys(t *testing.T) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(?m)^( *)#([- a-z_]+:)`).ReplaceAllStringFunc(string(data), func(line string) string {
		indent, key, _ := strings.Cut(line, "#")
		if strings.HasPrefix(key, " ") && !strings.HasPrefix(key, "  ") {
			return line // a sentence with a colon
		}
		return indent + key
	})
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatalf("the example with everything switched on is not YAML: %v\n%s", err, text)
	}
	keys := map[string]bool{}
	collect(doc.Content[0], "", keys)
	return keys
}

func collect(n *yaml.Node, path string, keys map[string]bool) {
	switch n.Kind {
	case yaml.SequenceNode:
		for _, e := range n.Content {
			collect(e, path, keys)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			at := join(path, n.Content[i].Value)
			keys[at] = true
			collect(n.Content[i+1], at, keys)
		}
	}
}
