/** What the gateway tells about itself: spans over OTLP and metrics for Prometheus. */
@NullMarked
package dev.tollgate.dataplane.telemetry;

import org.jspecify.annotations.NullMarked;
