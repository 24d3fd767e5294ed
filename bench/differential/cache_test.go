package differential

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"waitroom/bench/gateway"
)

// cacheConfig is nginx as many put it in front of a site: it keeps what the answers allow.
const cacheConfig = `daemon off; worker_processes 1; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
	proxy_cache_path %[1]s/cache keys_zone=site:1m;
	server {
		listen %[2]s;
		location / {
			proxy_pass http://%[3]s;
			proxy_set_header Host $http_host;
			proxy_cache site;
			proxy_cache_methods GET HEAD;
			add_header X-Cache $upstream_cache_status always;
		}
	}
}
`

// addresses are pages that a backend calls public, some with names that caches like.
var addresses = []string{"/book", "/book/style.css", "/book/x.png?a", "/my/bookings.js", "/"}

func TestACacheInFrontGivesNobodyWhatAnotherGot(t *testing.T) {
	path, _ := find("nginx")
	if path == "" {
		t.Skip("nginx is not installed here: apt-get install nginx")
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=600")
		w.Header().Set("X-Accel-Expires", "600")           // nginx believes this one first
		w.Header().Set("CDN-Cache-Control", "max-age=600") // and others this (RFC 9213)
		_, _ = fmt.Fprintf(w, "inside %s", r.RequestURI)
	}))
	t.Cleanup(site.Close)
	gate := gateway.Start(t, gateway.Options{Binary: binary, Backend: site.URL, Room: map[string]string{
		"hosts": "[127.0.0.1]", "open_paths": "[/open/]", "rate": "1/h", "burst": "1",
	}})
	front := &Backend{Name: "nginx", t: t}
	front.listen(cacheConfig, gate.Visitors, nginxWith(path))
	url := "http://" + front.Addr

	kim := gateway.NewVisitor(url)
	for range 2 {
		for _, uri := range addresses {
			if a := kim.Navigate(t, uri); !strings.HasPrefix(a.Body, "inside") || a.Header.Get("X-Cache") == "HIT" {
				t.Errorf("who is inside asks for %s: %d, %s, %.60s", uri, a.Status, a.Header.Get("X-Cache"), a.Body)
			}
		}
	}
	mine := map[string]string{}
	for i := range 3 {
		v := gateway.NewVisitor(url)
		for range 2 {
			outside(t, v, i)
		}
		for name, value := range v.Cookies {
			if other, taken := mine[value]; taken {
				t.Errorf("visitor %d was given another's %s, %s", i, name, other)
			}
			mine[value] = name
		}
		for name, value := range kim.Cookies {
			if v.Cookies[name] == value {
				t.Errorf("visitor %d was given the %s of who is inside", i, name)
			}
		}
	}
	if len(mine) < 6 {
		t.Errorf("three visitors have %d cookies", len(mine))
	}
	controls(t, url)
}

// outside asks for everything as somebody without a pass.
func outside(t *testing.T, v *gateway.Visitor, i int) {
	t.Helper()
	for _, uri := range addresses {
		if a := v.Navigate(t, uri); strings.HasPrefix(a.Body, "inside ") || a.Header.Get("X-Cache") == "HIT" {
			t.Errorf("visitor %d, without a pass, asks for %s: %d, %s, %.60s", i, uri, a.Status, a.Header.Get("X-Cache"), a.Body)
		}
	}
	for _, call := range []string{"join", "status"} {
		if a := v.Call(t, call); a.Header.Get("X-Cache") == "HIT" || a.Standing.Position != int64(i+1) {
			t.Errorf("visitor %d, %s: %d, %s, position %d", i, call, a.Status, a.Header.Get("X-Cache"), a.Standing.Position)
		}
	}
}

// controls shows that the cache keeps what is open: else nothing was tried.
func controls(t *testing.T, url string) {
	t.Helper()
	for _, want := range []string{"MISS", "HIT"} {
		r, err := http.Get(url + "/open/site.css")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
		if got := r.Header.Get("X-Cache"); got != want {
			t.Errorf("an open address is a %s, want %s", got, want)
		}
	}
}
