/** Model providers over real sockets that behave as a script tells them and keep their own bill. */
@NullMarked
package dev.tollgate.simulator;

import org.jspecify.annotations.NullMarked;
