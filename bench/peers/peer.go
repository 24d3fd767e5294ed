package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"waitroom/bench/measure"
	"waitroom/bench/ports"
)

// server is one running server, and where it listens.
type server struct {
	*measure.Process
	addr string
}

// reference starts this program as one of the reference servers.
func (s *stage) reference(ctx context.Context, name string) (*server, error) {
	as := plain(name)
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	core, behind := serverCore, ""
	switch as {
	case "backend":
		core = otherCore
	case "bare", "net/http":
		b, err := s.get(ctx, "backend")
		if err != nil {
			return nil, err
		}
		behind = b.addr
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	return start(ctx, addr, measure.Command{Name: as, Path: self, Args: []string{"serve", as, addr, behind}, Core: core})
}

func start(ctx context.Context, addr string, c measure.Command) (*server, error) {
	c.Ready = addr
	p, err := measure.Start(ctx, c)
	if err != nil {
		return nil, err
	}
	return &server{p, addr}, nil
}

func freeAddr() (string, error) {
	port, err := ports.Free()
	return fmt.Sprintf("127.0.0.1:%d", port), err
}

// The others' configurations are the shortest that keep connections alive towards the
// backend, write no log, and use one core.
const (
	nginxFile = `daemon off;
master_process off;
pid DIR/nginx.pid;
error_log stderr;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path DIR/nginx-body;
  proxy_temp_path DIR/nginx-proxy;
  fastcgi_temp_path DIR/nginx-fastcgi;
  uwsgi_temp_path DIR/nginx-uwsgi;
  scgi_temp_path DIR/nginx-scgi;
  upstream site { server SITE; keepalive 256; }
  server {
    listen LISTEN;
    location / { proxy_pass http://site; proxy_http_version 1.1; proxy_set_header Connection ""; }
    location /.waitroom/ { default_type application/json; return 200 "BODY"; }
  }
}
`
	haproxyFile = `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend visitors
  bind LISTEN
  default_backend site
backend site
  server one SITE
`
	caddyFile = `{
  admin off
  auto_https off
  log {
    level ERROR
  }
}
http://LISTEN {
  reverse_proxy SITE {
    transport http {
      keepalive_idle_conns_per_host 256
    }
  }
}
`
)

// other starts nginx, HAProxy or Caddy in front of the backend.
func (s *stage) other(ctx context.Context, name string) (*server, error) {
	b, err := s.get(ctx, "backend")
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	text := map[string]string{"nginx": nginxFile, "haproxy": haproxyFile, "caddy": caddyFile}[name]
	file := filepath.Join(s.dir, name+".conf")
	args := map[string][]string{
		"nginx": {"-p", s.dir, "-c", file}, "haproxy": {"-db", "-f", file},
		"caddy": {"run", "--adapter", "caddyfile", "--config", file},
	}[name]
	body := strings.NewReplacer("DIR", s.dir, "LISTEN", addr, "SITE", b.addr, "BODY", strings.Repeat("x", hello)).Replace(text)
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		return nil, err
	}
	return start(ctx, addr, measure.Command{
		Name: name, Path: find(name), Args: args, Core: serverCore, Dir: s.dir,
		Env: []string{"HOME=" + s.dir, "XDG_DATA_HOME=" + s.dir, "XDG_CONFIG_HOME=" + s.dir},
	})
}

// find looks where Debian keeps servers, too: not everybody's PATH has it.
func find(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	return "/usr/sbin/" + name
}
