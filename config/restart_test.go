package config

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChangesThatNeedARestartAreNamed(t *testing.T) {
	base := "operator: {token: a}\nkeys: {dir: /k}\n" + oneRoom
	f := func(next string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, mustParse(t, base).NeedsRestart(mustParse(t, next))); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
	f(base)
	f("listen: :9\n"+base, "listen")
	f("store: {url: \"redis://h\", tls: {}, prefix: x}\ndata_dir: /d\n"+base, "store.url", "store.prefix", "data_dir")
	f("store: {cluster: {addresses: [h:1]}}\n"+base, "store.cluster.addresses")
	f("operator: {token: a, listen: \"127.0.0.1:9\"}\nkeys: {dir: /other}\n"+oneRoom, "operator.listen", "keys.dir")
	f("cookies: {secure: false}\nlog: {format: console}\nlimits: {read_timeout: 1s}\n"+base, "cookies.secure", "log.format", "limits.read_timeout")
	// What is taken over live.
	f("operator: {token: b}\nkeys: {dir: /k}\ntrusted_proxies: [10.0.0.1]\nlog: {level: debug}\nlimits: {max_body: 1MiB, drain: 1s}\n" +
		"rooms: [{name: other, backend: \"http://b\", rate: 5/s, burst: 1}]\n")
}

func TestEverySettingOutsideOfRoomsSaysWhenItIsTaken(t *testing.T) {
	live := map[string]bool{}
	var visit func(reflect.Type, string, bool)
	visit = func(typ reflect.Type, path string, start bool) {
		for _, s := range settings(typ) {
			at, field, start := join(path, s.key), typ.Field(s.index).Type, start || s.start
			if section(reflect.New(field).Elem()) {
				visit(field, at, start)
			} else if !start {
				live[at] = true
			}
		}
	}
	visit(reflect.TypeFor[Config](), "", false)
	want := map[string]bool{"operator.token": true, "operator.token_file": true, "trusted_proxies": true, "log.level": true,
		"limits.max_body": true, "limits.max_header_fields": true, "limits.drain": true, "rooms": true,
		"identity.origin": true, "identity.person": true, "identity.providers": true,
		"limits.bad_requests_per_address": true, "limits.bad_requests_per_network": true}
	if diff := cmp.Diff(want, live); diff != "" {
		t.Errorf("settings that change live (-want +got)\n%s", diff)
	}
}
