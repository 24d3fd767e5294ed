//go:build !unbatched

package redis

// oneByOne is not how the gateway works: operations go in batches.
const oneByOne = false
