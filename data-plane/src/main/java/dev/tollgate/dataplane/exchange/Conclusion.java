package dev.tollgate.dataplane.exchange;

