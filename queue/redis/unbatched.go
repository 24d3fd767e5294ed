//go:build unbatched

package redis

// oneByOne makes a trip of its own for each operation, at once and beside all others,
// as a program without batches would. It exists to be compared with (bench/peers).
const oneByOne = true
