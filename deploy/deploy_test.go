// Package deploy_test tries the files of this folder: what can be run is run, and what names
// something of the program is held against the program.
package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"waitroom/config"
	"waitroom/proxy/lights"
	"waitroom/proxy/operator"
	"waitroom/proxy/traffic"
)

func TestTheConfigurationForComposeIsRight(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// In the container these are the secrets of compose.yaml.
	c, err := config.Load("waitroom.redis.yaml", []string{
		"WAITROOM_OPERATOR_TOKEN_FILE=" + secret, "WAITROOM_STORE_PASSWORD_FILE=" + secret,
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Store.Embedded() {
		t.Error("its store is embedded, want Redis")
	}
}

func TestEveryMetricOfTheAlertsExists(t *testing.T) {
	exist := map[string]bool{}
	for _, c := range []prometheus.Collector{operator.NewCollector(func() []operator.Room { return nil }), traffic.New(), lights.New(nil, zap.NewNop())} {
		descs := make(chan *prometheus.Desc, 100)
		c.Describe(descs)
		close(descs)
		for d := range descs {
			exist[regexp.MustCompile(`fqName: "(\w+)"`).FindStringSubmatch(d.String())[1]] = true
		}
	}
	names := regexp.MustCompile(`\bwaitroom_\w+`).FindAllString(read(t, "prometheus-alerts.yml"), -1)
	if len(names) == 0 {
		t.Fatal("the alerts name no metric")
	}
	for _, name := range names {
		if !exist[regexp.MustCompile(`_bucket$`).ReplaceAllString(name, "")] {
			t.Errorf("the alerts name %s, which the gateway does not have", name)
		}
	}
}

func TestWhoStopsTheGatewayWaitsUntilItHasDrained(t *testing.T) {
	f := func(file, setting string) {
		t.Helper()
		found := regexp.MustCompile(setting + `[=:] ?(\w+)`).FindStringSubmatch(read(t, file))
		if found == nil {
			t.Fatalf("%s does not say %s", file, setting)
		}
		grace, err := time.ParseDuration(found[1])
		if err != nil {
			t.Fatal(err)
		}
		if drain := config.Default().Limits.Drain; grace < drain+10*time.Second {
			t.Errorf("%s gives %v to stop, and draining takes up to %v", file, grace, drain)
		}
	}
	f("waitroom.service", "TimeoutStopSec")
	f("compose.yaml", "stop_grace_period")
}
