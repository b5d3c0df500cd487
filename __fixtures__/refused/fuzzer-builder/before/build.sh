#!/bin/bash -eu
compile_go_fuzzer ./parser FuzzParse fuzz_parse
