package ir

// termParsers reads what follows the keyword of a terminal, up to the snapshot.
var termParsers = [...]func(p *parser, t *Term) error{
	TermNone:      func(*parser, *Term) error { return nil },
	TermInterpret: func(*parser, *Term) error { return nil },
	TermJump:      func(p *parser, t *Term) error { return p.parseEdges(t, 1) },
	TermBr:        parseBr,
	TermSwitch:    parseSwitch,
	TermCall:      parseCall,
	TermGoto:      parseTarget,
	TermRet:       parseTarget,
	TermExit:      parseExit,
}

func (p *parser) parseTerm(kind TermKind) error {
	t := &p.b.Term
	t.Kind = kind
	if err := termParsers[kind](p, t); err != nil {
		return err
	}
	var err error
	if t.Snap, err = p.parseSnap(); err != nil {
		return err
	}
	t.PC, err = p.parsePC()
	p.closed = true
	return err
}

func parseBr(p *parser, t *Term) (err error) {
	if t.Cond, err = p.value(); err != nil {
		return err
	}
	if err := p.expect(","); err != nil {
		return err
	}
	return p.parseEdges(t, 2)
}

func parseSwitch(p *parser, t *Term) (err error) {
	if t.Target, err = p.value(); err != nil {
		return err
	}
	if err := p.expect("{"); err != nil {
		return err
	}
	for !p.accept("}") {
		if len(t.Cases) > 0 {
			if err := p.expect(","); err != nil {
				return err
			}
		}
		pc, err := p.number()
		if err != nil {
			return err
		}
		if err := p.expect(":"); err != nil {
			return err
		}
		e, err := p.parseEdge()
		if err != nil {
			return err
		}
		t.Cases = append(t.Cases, Case{PC: uint64(pc), Edge: e})
	}
	return nil
}

func parseTarget(p *parser, t *Term) (err error) {
	if t.Target, err = p.value(); err != nil {
		return err
	}
	if p.peek() == "guess" {
		t.Guess, err = p.pcAfter("guess")
	}
	return err
}

func parseCall(p *parser, t *Term) (err error) {
	if err = parseTarget(p, t); err != nil {
		return err
	}
	if t.ReturnPC, err = p.pcAfter("return"); err != nil {
		return err
	}
	return p.parseEdges(t, 1)
}

func parseExit(p *parser, t *Term) (err error) {
	if err = p.expect("code"); err != nil {
		return err
	}
	if t.Code, err = p.number(); err != nil {
		return err
	}
	if err = p.expect("imm"); err != nil {
		return err
	}
	t.Imm, err = p.number()
	return err
}

// parseEdges reads n successors separated by commas.
func (p *parser) parseEdges(t *Term, n int) error {
	for i := 0; i < n; i++ {
		if i > 0 {
			if err := p.expect(","); err != nil {
				return err
			}
		}
		e, err := p.parseEdge()
		if err != nil {
			return err
		}
		t.Succs = append(t.Succs, e)
	}
	return nil
}

// parseEdge reads "b3(v1, v2)".
func (p *parser) parseEdge() (Edge, error) {
	b, err := p.block()
	if err != nil {
		return Edge{}, err
	}
	e := Edge{Block: b}
	if !p.accept("(") {
		return e, nil
	}
	for {
		v, err := p.value()
		if err != nil {
			return e, err
		}
		e.Args = append(e.Args, v)
		if p.accept(")") {
			return e, nil
		}
		if err := p.expect(","); err != nil {
			return e, err
		}
	}
}
