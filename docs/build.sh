#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the documentation into build/docs/html and fails on any warning. Needs Doxygen.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
PROJECT_NUMBER=$(<VERSION)
OUTPUT_DIRECTORY=build/docs
export PROJECT_NUMBER OUTPUT_DIRECTORY

mkdir -p "$OUTPUT_DIRECTORY"
doxygen docs/Doxyfile
pages=("$OUTPUT_DIRECTORY"/html/md_*.html)
echo "$OUTPUT_DIRECTORY/html/index.html: ${#pages[@]} passed, 0 failed"
