/**
 * What a simulated provider is told to do, read from YAML or JSON, and which rule meets a request.
 */
@NullMarked
package dev.tollgate.simulator.script;

import org.jspecify.annotations.NullMarked;
