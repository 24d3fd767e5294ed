package load

// object calls member with each member of a JSON object, in order: its name without
// the quotes, and its value as it is written. It is false where the text is no object;
// values are told apart but not checked. A tenth of the cost of a general decoder, and
// the generator shares the machine with what it measures.
func object(b []byte, member func(name, value []byte)) bool {
	i := space(b, 0)
	if i == len(b) || b[i] != '{' {
		return false
	}
	i = space(b, i+1)
	if i < len(b) && b[i] == '}' {
		return space(b, i+1) == len(b)
	}
	for {
		end := value(b, i)
		if end < 0 || b[i] != '"' {
			return false
		}
		name := b[i+1 : end-1]
		i = space(b, end)
		if i == len(b) || b[i] != ':' {
			return false
		}
		i = space(b, i+1)
		if end = value(b, i); end < 0 {
			return false
		}
		member(name, b[i:end])
		i = space(b, end)
		if i == len(b) {
			return false
		}
		if b[i] == '}' {
			return space(b, i+1) == len(b)
		}
		if b[i] != ',' {
			return false
		}
		i = space(b, i+1)
	}
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// value is where the value ends that starts at i, -1 where there is none.
func value(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		return quoted(b, i)
	case '{', '[':
		return nested(b, i)
	}
	end := i
	for end < len(b) && b[end] != ',' && b[end] != '}' && b[end] != ']' && b[end] > ' ' && b[end] != '"' && b[end] != ':' {
		end++
	}
	if end == i {
		return -1
	}
	return end
}

func quoted(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

func nested(b []byte, i int) int {
	for depth := 0; i < len(b); i++ {
		switch b[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"':
			if i = quoted(b, i) - 1; i < 0 {
				return -1
			}
		}
	}
	return -1
}
