/**
 * Config push: which proxy gets which snapshot and when (a pure state machine), and the gRPC server
 * that carries it out.
 */
@NullMarked
package dev.tollgate.operator.push;

import org.jspecify.annotations.NullMarked;
