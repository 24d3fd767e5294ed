package site

import "strings"

// words are the site's texts in one language.
type words struct {
	Lang, Other, OtherName                         string
	Title, Choose, Left, None, SoldOut             string
	Name, Book, Back, Booked, Number, Keep, Done   string
	Bye, Gone, BadName, BadForm, NotFound, Refresh string
	Verified, Unverified                           string
}

var korean = words{
	Lang: "ko", Other: "en", OtherName: "English",
	Title: "예방접종 예약", Choose: "날짜와 시간을 고르세요", Left: "%s명 가능", None: "마감", SoldOut: "모든 예약이 마감되었습니다.",
	Name: "이름", Book: "예약하기", Back: "처음으로", Booked: "예약되었습니다", Number: "예약 번호", Keep: "이 번호를 적어 두세요.", Done: "나가기",
	Bye: "이용해 주셔서 고맙습니다. 다음 분께 자리를 넘겼습니다.", Gone: "그 시간은 방금 마감되었습니다. 다른 시간을 골라 주세요.",
	BadName: "이름을 60자 이내로 적어 주세요.", BadForm: "양식이 오래되었거나 이 페이지의 것이 아닙니다. 처음부터 다시 해 주세요.",
	NotFound: "없는 페이지입니다.", Refresh: "새로 고침",
	Verified: "게이트웨이가 확인한 입장권: %s", Unverified: "게이트웨이를 거치지 않은 요청입니다.",
}

var english = words{
	Lang: "en", Other: "ko", OtherName: "한국어",
	Title: "Book a vaccination", Choose: "Choose a day and a time", Left: "%s left", None: "full", SoldOut: "Everything is booked.",
	Name: "Name", Book: "Book", Back: "Back to the start", Booked: "You are booked", Number: "Booking number", Keep: "Write this number down.", Done: "Leave",
	Bye: "Thank you. Your seat goes to the next visitor.", Gone: "That time has just been taken. Please choose another.",
	BadName: "Please write a name of at most 60 characters.", BadForm: "The form is too old, or not from this page. Please begin again.",
	NotFound: "There is no such page.", Refresh: "Refresh",
	Verified: "Verified by the gateway: pass %s", Unverified: "This request did not come through the gateway.",
}

// speak chooses the language: what was asked for by the switch, else what the
// browser names first, else Korean.
func speak(chosen, accept string) *words {
	for _, tag := range append([]string{chosen}, strings.Split(accept, ",")...) {
		switch tag = strings.ToLower(strings.TrimSpace(tag)); {
		case strings.HasPrefix(tag, "ko"):
			return &korean
		case strings.HasPrefix(tag, "en"):
			return &english
		}
	}
	return &korean
}
