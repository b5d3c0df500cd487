#!/bin/bash
iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE
exec openvpn --config /etc/openvpn/client.conf
