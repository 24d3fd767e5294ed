package redis

import (
	"testing"

	"waitroom/queue/queuetest"
	"waitroom/queue/redis/redistest"
)

// shortest leaves out the trials of the rate: they are the same scripts.
const shortest = 1

func TestTheLineKeepsItsPromisesBehindSentinel(t *testing.T) {
	master := redistest.Start(t)
	redistest.StartReplica(t, master)
	on := target{
		options: Options{Sentinels: []string{redistest.StartSentinel(t, master)}, Master: redistest.MasterName},
		masters: []*redistest.Server{master}, longest: shortest,
	}
	queuetest.Run(t, on.bench())
}

func TestTheLineKeepsItsPromisesInACluster(t *testing.T) {
	nodes := redistest.StartCluster(t)
	on := target{options: Options{Cluster: []string{nodes[0].Addr(), nodes[2].Addr()}}, masters: nodes, longest: shortest}
	queuetest.Run(t, on.bench())
}
