# The commands that people type. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help demo demo-operator test e2e conformance-operator bench-operator cluster-up cluster-down images differential simulate fleet fuzz mutants

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## The whole way from an annotated Deployment to a renewed secret, on this machine
	@cargo build --quiet -p dev-vault -p vault-agent -p vault-injector -p demo
	@target/debug/demo $(DEMO_FLAGS)

demo-operator: ## From an ExternalSecret to a Secret that follows Vault; DEMO_FLAGS="--api-server stand-in"
	@cargo build --quiet -p dev-vault -p api-server -p secrets-operator -p demo
	@target/debug/demo operator $(DEMO_FLAGS)

test: ## Formatting, lints, docs, unit, conformance and integration tests
	@scripts/test.sh

e2e: ## Real Vault, PostgreSQL, API server, kubelet and containers (needs Go and root)
	@e2e/scripts/e2e.sh

conformance-operator: ## Recorded scenarios of External Secrets Operator against ours; CASES="policy_ push_" JOBS=8 (needs Go)
	@e2e/operator/conformance.sh -v $(if $(JOBS),-j $(JOBS)) $(CASES)

bench-operator: ## Processor time, memory and requests of the operator; BENCH_FLAGS="--count 100 --interval 1m" (needs Go)
	@e2e/operator/bench.sh $(BENCH_FLAGS)

cluster-up: ## A real one-node cluster from packages alone (needs Go and root)
	@e2e/testbed/up.sh

cluster-down: ## End that cluster and leave nothing behind
	@e2e/testbed/down.sh

images: ## The container images as archives, without a container engine
	@manifests/images/build.sh

differential: ## Our templates against consul-template itself; SEED=7 N=50000 tries others (needs Go)
	@SEED=$(SEED) N=$(N) e2e/scripts/differential.sh

simulate: ## Months of an agent's life on virtual time; SEEDS=10000 SEED=1 DAYS=30
	@cargo run --quiet --profile simulation -p simulator -- $(or $(SEEDS),300) $(or $(SEED),1) $(or $(DAYS),30)

fleet: ## Requests of many agents beside upstream's rules, over a day and in trouble; PODS=50000 SECRETS=10
	@cargo run --quiet --profile simulation -p fleet -- $(or $(PODS),50000) $(or $(SECRETS),10)

fuzz: ## Every fuzz target for a minute; FUZZ_SECONDS=600 FUZZ_TARGETS=hcl
	@scripts/fuzz.sh

mutants: ## Small changes of the engine that none of its tests sees (takes the better part of an hour); JOBS=2
	@SEED=$(SEED) JOBS=$(JOBS) scripts/mutants.sh
