/** Logs as one JSON object a line on stderr. */
@NullMarked
package dev.tollgate.cli.log;

import org.jspecify.annotations.NullMarked;
