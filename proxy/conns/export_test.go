package conns

// Open is how many connections are counted, parked or not.
func (l *Listener) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}
