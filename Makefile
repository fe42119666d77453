# What you can do here. 'make' alone lists it.
SHELL      := /bin/bash
GO         ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0
FOLDERS    := bench cmd ir lifter palstubs runtime translator
# The race detector cannot look into code that Go did not make.
NATIVE     := /(runtime/dispatch|runtime/trace|cmd/axpress|bench/e2e|bench/lockstep)$$
NFPM       := github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.48.0
# Of the package: the day and the name of the revision.
VERSION    ?= $(shell git log -1 --date=format:%Y%m%d --format='0~git%cd.%h' 2>/dev/null || echo 0~unknown)
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
DEB        ?= bin
STAGE      := $(DEB)/stage
T          ?= 10s
AXPRESS    := bin/axpress

.PHONY: help demo build quick test install lint unit race fuzz bench generate clean man deb

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

demo: build ## build the guest, translate it, boot it natively
	$(AXPRESS) demo

build: go ## build bin/axpress
	CGO_ENABLED=0 $(GO) build -o $(AXPRESS) ./cmd/axpress

quick: go ## the tests that need no built guest, in two minutes; installs nothing
	$(GO) test -short ./...

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
		$(AXPRESS) translate "$$AXPRESS_GUEST_KERNEL" "$$AXPRESS_GUEST_INITRD" && \
		AXPRESS_TEST_ALL=1 $(GO) test -count=1 -timeout 40m ./...

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

man: build ## write the manual's pages into bin/man
	rm -rf bin/man && SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) $(AXPRESS) man bin/man

deb: go ## make a Debian package, which needs no source: bin/axpress_*.deb
	rm -rf $(STAGE) && mkdir -p $(STAGE)/completion
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -X main.packaged=$(VERSION)' -o $(STAGE)/axpress ./cmd/axpress
	SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) $(STAGE)/axpress man $(STAGE)/man && gzip -9n $(STAGE)/man/*
	for shell in bash zsh fish; do $(STAGE)/axpress completion $$shell >$(STAGE)/completion/axpress.$$shell || exit 1; done
	cmd/axpress/packaging/copyright.sh >$(STAGE)/copyright
	STAGE=$(STAGE) VERSION='$(VERSION)' SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) \
		$(GO) run $(NFPM) package --config cmd/axpress/packaging/nfpm.yaml --packager deb --target $(DEB)
	rm -rf $(STAGE)

generate: go ## write the generated files
	$(GO) run ./translator/pipeline/gen .

clean: ## remove bin; the caches stay ('bin/axpress cache clear' empties that of translations)
	rm -rf bin

.PHONY: go
go:
	@command -v $(GO) >/dev/null || { echo "Go is missing: install Go 1.26 or later and put it into PATH" >&2; exit 1; }
