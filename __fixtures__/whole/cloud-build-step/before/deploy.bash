#!/bin/bash
gcloud run deploy "$@"
