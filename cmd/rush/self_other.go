//go:build !unix

package main

// spent is what the process used until now; it is not counted here.
func spent(int64) self { return self{} }
