// Package altcha makes and checks puzzles for a proof of work, in the format of ALTCHA, version 2
// (https://altcha.org/docs/v2/proof-of-work-captcha): the solver looks for a counter whose key,
// derived from the puzzle by PBKDF2, begins with given digits.
//
// It promises that a puzzle is good for one room, one holder and a time, that none of that can be
// changed without the key, and that nothing is kept: any gateway with the same key checks what
// another made. Which puzzles were used the caller knows, by their nonces.
package altcha

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Why an answer is no good.
var (
	ErrForged   = errors.New("no puzzle of ours")
	ErrExpired  = errors.New("the puzzle's time is over")
	ErrForeign  = errors.New("a puzzle for another room or device")
	ErrUsed     = errors.New("the puzzle was answered before")
	ErrUnsolved = errors.New("the puzzle is not solved")
)

const (
	algorithm = "PBKDF2/SHA-256"
	keyLength = 32
	// maxAnswer bounds what is read, in bytes of base64; an answer takes some 700.
	maxAnswer = 2048
)

// Puzzles makes and checks puzzles. It is immutable.
type Puzzles struct {
	// Key signs them.
	Key [32]byte
	// Room is what they are good for.
	Room string
	// Cost is how many rounds of PBKDF2 one try takes, and Digits how many hexadecimal zeros the derived
	// key has to begin with: 16^Digits tries on average.
	Cost, Digits int
	// Life is how long a puzzle is good.
	Life time.Duration
}

// parameters are a puzzle's, as the format names them.
type parameters struct {
	Algorithm string `json:"algorithm"`
	Cost      int    `json:"cost"`
	Data      data   `json:"data"`
	ExpiresAt int64  `json:"expiresAt"`
	KeyLength int    `json:"keyLength"`
	KeyPrefix string `json:"keyPrefix"`
	Nonce     string `json:"nonce"`
	Salt      string `json:"salt"`
}

// data is what a puzzle is bound to.
type data struct {
	Holder string `json:"holder"`
	Room   string `json:"room"`
}

type challenge struct {
	Parameters parameters `json:"parameters"`
	Signature  string     `json:"signature"`
}

type answer struct {
	Challenge challenge `json:"challenge"`
	Solution  struct {
		Counter    int64  `json:"counter"`
		DerivedKey string `json:"derivedKey"`
	} `json:"solution"`
}

// New is a new puzzle for a holder, as JSON.
func (p *Puzzles) New(holder string, now time.Time) []byte {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	c := challenge{Parameters: parameters{
		Algorithm: algorithm, Cost: p.Cost, Data: data{Holder: holder, Room: p.Room}, ExpiresAt: now.Add(p.Life).Unix(),
		KeyLength: keyLength, KeyPrefix: strings.Repeat("0", p.Digits),
		Nonce: hex.EncodeToString(random[:16]), Salt: hex.EncodeToString(random[16:]),
	}}
	c.Signature = hex.EncodeToString(p.sign(&c.Parameters))
	text, err := json.Marshal(c)
	if err != nil {
		panic("BUG: write a puzzle: " + err.Error())
	}
	return text
}

// sign is the code of the parameters. The format signs their canonical JSON: names in their order,
// as the fields of parameters are, without spaces; nothing in them needs escaping.
func (p *Puzzles) sign(q *parameters) []byte {
	text, err := json.Marshal(q)
	if err != nil {
		panic("BUG: write a puzzle's parameters: " + err.Error())
	}
	m := hmac.New(sha256.New, p.Key[:])
	m.Write(text)
	return m.Sum(nil)
}

// Check says whether an answer, base64 of the format's payload, solves a puzzle of this room for the
// holder. The nonce tells the puzzle apart from all others; it comes with every error but ErrForged.
// Once is asked whether this is the first answer, right or wrong, to the puzzle with a nonce. What
// is cheap is checked first: deriving a key, Cost rounds, comes last, once for each puzzle.
func (p *Puzzles) Check(payload []byte, holder string, now time.Time, once func(nonce [16]byte) bool) (nonce [16]byte, err error) {
	if len(payload) > maxAnswer {
		return nonce, ErrForged
	}
	text, err := base64.StdEncoding.AppendDecode(nil, payload)
	if err != nil {
		return nonce, ErrForged
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return nonce, ErrForged
	}
	q := &a.Challenge.Parameters
	signature, err := hex.DecodeString(a.Challenge.Signature)
	if err != nil || !hmac.Equal(signature, p.sign(q)) {
		return nonce, ErrForged
	}
	if n, err := hex.Decode(nonce[:], []byte(q.Nonce)); err != nil || n != len(nonce) {
		panic("BUG: a signed puzzle whose nonce is " + strconv.Quote(q.Nonce))
	}
	switch {
	case q.ExpiresAt < now.Unix():
		return nonce, ErrExpired
	case q.Data.Room != p.Room || q.Data.Holder != holder:
		return nonce, ErrForeign
	case !once(nonce):
		return nonce, ErrUsed
	case !solved(q, a.Solution.Counter, a.Solution.DerivedKey):
		return nonce, ErrUnsolved
	}
	return nonce, nil
}

// solved says whether the key that is derived from a counter is the one that is shown, and begins as
// it has to.
func solved(q *parameters, counter int64, shown string) bool {
	if counter < 0 || counter > math.MaxUint32 || !strings.HasPrefix(shown, q.KeyPrefix) || len(shown) != 2*keyLength {
		return false
	}
	key, err := q.derive(counter)
	return err == nil && subtle.ConstantTimeCompare([]byte(hex.EncodeToString(key)), []byte(shown)) == 1
}

// derive is the key of a counter: the password is the nonce with the counter behind it, four bytes,
// the highest first.
func (q *parameters) derive(counter int64) ([]byte, error) {
	nonce, err := hex.DecodeString(q.Nonce)
	if err != nil {
		return nil, fmt.Errorf("read nonce: %w", err)
	}
	salt, err := hex.DecodeString(q.Salt)
	if err != nil {
		return nil, fmt.Errorf("read salt: %w", err)
	}
	password := binary.BigEndian.AppendUint32(nonce, uint32(counter)) // #nosec G115 -- it is within bounds
	return pbkdf2.Key(sha256.New, string(password), salt, q.Cost, q.KeyLength)
}

// Solve answers a puzzle, by trying; nil where it is none, or no counter does.
func Solve(puzzle []byte) []byte {
	var a answer
	if json.Unmarshal(puzzle, &a.Challenge) != nil {
		return nil
	}
	q := &a.Challenge.Parameters
	for counter := range int64(math.MaxUint32) {
		key, err := q.derive(counter)
		if err != nil {
			return nil
		}
		if text := hex.EncodeToString(key); strings.HasPrefix(text, q.KeyPrefix) {
			a.Solution.Counter, a.Solution.DerivedKey = counter, text
			answer, err := json.Marshal(a)
			if err != nil {
				return nil
			}
			return base64.StdEncoding.AppendEncode(nil, answer)
		}
	}
	return nil
}
