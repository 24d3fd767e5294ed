package token

import "testing"

func TestASuccessorTellsFromWhomItDescends(t *testing.T) {
	var g Generation
	one := g.Next()
	two := one.Next()
	if one.Number != 1 || one.Tag == 0 || one.Parent != 0 || one.Grand != 0 {
		t.Errorf("the first successor is %+v", one)
	}
	if two.Number != 2 || two.Parent != one.Tag || two.Grand != 0 || two.Next().Grand != one.Tag {
		t.Errorf("the second successor is %+v, of %+v", two, one)
	}
	if a, b := one.Next(), one.Next(); a.Tag == two.Tag && b.Tag == two.Tag {
		t.Error("two successors of one pass have the same tag")
	}
	if from := GenerationFrom(9); from.Number != 9 || from.Tag == 0 || from.Parent != 0 || from.Grand != 0 {
		t.Errorf("what begins anew is %+v", from)
	}
}
