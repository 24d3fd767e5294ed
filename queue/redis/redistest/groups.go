package redistest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// StartReplica starts a replica of a server, and waits until it has what the server has.
func StartReplica(t testing.TB, of *Server) *Server {
	t.Helper()
	r := Start(t, "--replicaof", "127.0.0.1", strconv.Itoa(of.Port), "--repl-diskless-sync-delay", "0")
	c := r.Client()
	defer func() { _ = c.Close() }()
	await(t, "the replica to follow", func() error { return contains(c, "replication", "master_link_status:up") })
	return r
}

// MasterName is what the Sentinel of StartSentinel calls the server that it watches.
const MasterName = "line"

// StartSentinel starts a Sentinel that watches a server, and waits until it knows the
// server's replica. It returns its address.
func StartSentinel(t testing.TB, master *Server) string {
	t.Helper()
	port, dir := FreePort(t), t.TempDir()
	conf := filepath.Join(dir, "sentinel.conf")
	text := fmt.Sprintf(`port %d
bind 127.0.0.1
dir %s
logfile %s
sentinel monitor %s 127.0.0.1 %d 1
sentinel down-after-milliseconds %[4]s 1500
sentinel failover-timeout %[4]s 3000
`, port, dir, filepath.Join(dir, "log"), MasterName, master.Port)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("redis-server", conf, "--sentinel")
	if err := cmd.Start(); err != nil {
		t.Fatalf("redis-server is needed (apt-get install redis-server): %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	c := redis.NewClient(&redis.Options{Addr: addr})
	defer func() { _ = c.Close() }()
	await(t, "the Sentinel to know the replica", func() error { return contains(c, "sentinel", "slaves=1") })
	return addr
}

// StartCluster starts a Cluster of three masters, and returns them.
func StartCluster(t testing.TB) []*Server {
	t.Helper()
	ctx := context.Background()
	var nodes []*Server
	for i := range 3 {
		s := Start(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000")
		c := s.Client()
		defer func() { _ = c.Close() }()
		first, last := i*16384/3, (i+1)*16384/3-1
		err := errors.Join(
			c.Do(ctx, "cluster", "set-config-epoch", i+1).Err(),
			c.ClusterAddSlotsRange(ctx, first, last).Err(),
		)
		for _, n := range nodes {
			err = errors.Join(err, c.ClusterMeet(ctx, "127.0.0.1", strconv.Itoa(n.Port)).Err())
		}
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, s)
	}
	for _, n := range nodes {
		c := n.Client()
		defer func() { _ = c.Close() }()
		await(t, "the Cluster to come together", func() error {
			info, err := c.ClusterInfo(ctx).Result()
			if err == nil && (!strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:3")) {
				err = errors.New(info)
			}
			return err
		})
	}
	return nodes
}

func await(t testing.TB, what string, ask func() error) {
	t.Helper()
	if err := Poll(30*time.Second, ask); err != nil {
		t.Fatalf("waited for %s: %v", what, err)
	}
}

// contains says whether a section of INFO has the text.
func contains(c *redis.Client, section, text string) error {
	info, err := c.Info(context.Background(), section).Result()
	if err == nil && !strings.Contains(info, text) {
		err = errors.New(info)
	}
	return err
}
