package conform

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"

	"axpress/lifter/isa"
	"axpress/runtime/gocode"
	"axpress/runtime/mem"
)

// ServeGo is the program of the engine Go: it runs functions as in asks for, and says on
// out what came of it, until in ends.
func ServeGo(functions []gocode.Function, in io.Reader, out io.Writer) (err error) {
	w, err := newWorld(mem.New)
	if err != nil {
		return err
	}
	s := &goServer{world: w, functions: functions}
	defer func() { err = errors.Join(err, s.unload(), w.Close()) }()
	enc, dec := gob.NewEncoder(out), gob.NewDecoder(in)
	for {
		var request goRequest
		if err := dec.Decode(&request); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := enc.Encode(s.serve(&request)); err != nil {
			return err
		}
	}
}

// goServer is a CPU that runs Go code.
type goServer struct {
	*world
	functions []gocode.Function
	engine    *gocode.Engine
}

func (s *goServer) unload() (err error) {
	if s.engine != nil {
		err = s.engine.Close()
		s.engine = nil
	}
	return err
}

func (s *goServer) serve(request *goRequest) (reply goReply) {
	if err := s.change(request.Load); err != nil {
		reply.Err = err.Error()
		return reply
	}
	s.guest.Set(&request.State, nil)
	exit, own, left := s.drive(s.engine)
	reply.Own, reply.Left = own, left
	reply.Excluded = s.guest.S.Icount > s.limit
	reply.State = request.State
	s.guest.Get(&reply.State, exit)
	return reply
}

// change makes l what runs.
func (s *goServer) change(l *goLoaded) error {
	if l == nil {
		return nil
	}
	m := isa.ModelByName(l.Model)
	if m == nil || l.First < 0 || l.N < 0 || l.First+l.N > len(s.functions) {
		return fmt.Errorf("BUG: %d functions from %d of %d, model %q", l.N, l.First, len(s.functions), l.Model)
	}
	if err := s.unload(); err != nil {
		return err
	}
	s.guest.S.FlushTLB()
	var err error
	s.engine, err = gocode.New(gocode.Config{CPU: s.vcpu(m), Functions: s.functions[l.First : l.First+l.N]})
	if err == nil {
		s.load(m, l.Code) // now, as New has the pages of code mapped anew
	}
	return err
}
