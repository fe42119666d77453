# What you can do here. 'make' alone lists it.
SHELL      := /bin/bash
GO         ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0
FOLDERS    := bench cmd ir lifter palstubs runtime translator
# The race detector cannot look into code that Go did not make.
NATIVE     := /(runtime/dispatch|runtime/trace|cmd/axpress|cmd/axpress/native|bench/e2e|bench/lockstep)$$
T          ?= 10s
AXPRESS    := bin/axpress

.PHONY: help demo build test install lint unit race fuzz bench generate clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

demo: build ## build the guest, translate it, boot it natively
	$(AXPRESS) demo

build: go ## build bin/axpress
	CGO_ENABLED=0 $(GO) build -o $(AXPRESS) ./cmd/axpress

test: install lint unit race ## install what is needed and run everything, the booted kernels included

install: build ## install the Debian packages that are missing (root), or say which
	$(AXPRESS) guest packages

lint: go ## go vet, gofmt, staticcheck, generated files
	$(GO) vet ./...
	@bad=$$(gofmt -l $(FOLDERS)); if [ -n "$$bad" ]; then echo "gofmt would change:"; echo "$$bad"; exit 1; fi
	$(GO) run $(STATICCHECK) ./...
	$(GO) test ./translator/pipeline/gen

unit: build ## all tests, with the built guest
	env=$$($(AXPRESS) guest build --env) && eval "$$env" && \
		$(AXPRESS) translate "$$AXPRESS_GUEST_KERNEL" "$$AXPRESS_GUEST_INITRD" && $(GO) test -count=1 -timeout 40m ./...

race: go ## tests under the race detector, but for what runs native code, and a guest with four CPUs
	$(GO) test -race -short -timeout 20m $$($(GO) list ./... | grep -vE '$(NATIVE)')
	$(GO) build -race -o $(AXPRESS)-race ./cmd/axpress
	GORACE=halt_on_error=1 $(AXPRESS)-race stress --engine native --smp 4 --rounds 300 --seconds 30 --timeout 10m

fuzz: go ## fuzz every target for T each: make fuzz T=10s
	@for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(T) $$pkg || exit 1; \
		done; \
	done

bench: build ## measure every workload on every engine, QEMU among them
	$(AXPRESS) bench --install --report bin/bench

generate: go ## write the generated files
	$(GO) run ./translator/pipeline/gen .

clean: ## remove bin; the caches stay ('bin/axpress cache clear' empties that of translations)
	rm -rf bin

.PHONY: go
go:
	@command -v $(GO) >/dev/null || { echo "Go is missing: install Go 1.26 or later and put it into PATH" >&2; exit 1; }
