/**
 * The {@code tollgate} command: one class a subcommand, settings from flags, environment, defaults.
 */
@NullMarked
package dev.tollgate.cli;

import org.jspecify.annotations.NullMarked;
