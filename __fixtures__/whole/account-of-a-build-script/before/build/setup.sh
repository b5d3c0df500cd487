#!/bin/bash
useradd -d /home/project -m -s /bin/bash -u 1000 -U project
