package provider

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"
)

// Person is somebody made up: all of it follows from the number.
type Person struct{ Number int }

// Born is the day of birth. Its last digit is that of the number, so that ten persons in a row are all that rotation tells apart.
func (p Person) Born() time.Time {
	month := time.Month(p.Number*7%12 + 1)
	day := p.Number%10 + 10*((p.Number+p.Number/10)%3)
	if day == 0 {
		day = 30
	}
	if month == time.February && day > 28 {
		day -= 10
	}
	return time.Date(1940+p.Number%65, month, day, 0, 0, 0, 0, time.UTC)
}

// Priority says that the person is in the group of those with priority: every twentieth.
func (p Person) Priority() bool { return p.Number%20 == 7 }

// Name is a name that nobody has.
func (p Person) Name() string { return fmt.Sprintf("홍길동%06d", p.Number) }

// Phone is a number that nobody has.
func (p Person) Phone() string { return fmt.Sprintf("+82 10-0000-%04d", p.Number%10000) }

// CI is what is the same for the person at every provider: 88 characters, as in Korea.
func (p Person) CI() string {
	sum := sha512.Sum512([]byte("waitroom made-up person " + strconv.Itoa(p.Number)))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Subject is what the provider with that issuer calls the person: no two providers call anybody the same.
func (p Person) Subject(issuer string) string {
	sum := sha256.Sum256([]byte(issuer + " " + strconv.Itoa(p.Number)))
	return spell(sum[:15])
}

// shape is how a provider writes claims.
type shape func(p Person, subject string, lunar bool) map[string]any

// plainShape is OpenID Connect's.
func plainShape(p Person, subject string, lunar bool) map[string]any {
	claims := map[string]any{
		"sub": subject, "name": p.Name(), "phone_number": p.Phone(), "birthdate": p.Born().Format("2006-01-02"), "ci": p.CI(),
	}
	if lunar {
		claims["birthday_type"] = "LUNAR"
	}
	if p.Priority() {
		claims["priority_group"] = "y"
	}
	return claims
}

// kakaoShape is that of Kakao's /v2/user/me.
func kakaoShape(p Person, subject string, lunar bool) map[string]any {
	account := map[string]any{
		"name": p.Name(), "phone_number": p.Phone(), "birthyear": p.Born().Format("2006"), "birthday": p.Born().Format("0102"),
		"birthday_type": map[bool]string{true: "LUNAR", false: "SOLAR"}[lunar], "ci": p.CI(),
	}
	if p.Priority() {
		account["priority_group"] = "y"
	}
	return map[string]any{"id": subject, "connected_at": "2021-08-01T00:00:00Z", "kakao_account": account}
}

// naverShape is that of Naver's /v1/nid/me.
func naverShape(p Person, subject string, lunar bool) map[string]any {
	claims := map[string]any{
		"id": "naver-" + subject, "name": p.Name(), "mobile": p.Phone(), "birthyear": p.Born().Format("2006"),
		"birthday": p.Born().Format("01-02"), "ci": p.CI(),
	}
	if lunar {
		claims["birthday_type"] = "LUNAR"
	}
	if p.Priority() {
		claims["priority_group"] = "y"
	}
	return map[string]any{"resultcode": "00", "message": "success", "response": claims}
}

func (p *Provider) lunar(who Person) bool {
	return p.c.LunarEvery > 0 && who.Number%p.c.LunarEvery == p.c.LunarEvery-1
}
