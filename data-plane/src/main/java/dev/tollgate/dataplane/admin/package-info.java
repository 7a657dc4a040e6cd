/** The admin port: health, metrics, status and usage, to read only. */
@NullMarked
package dev.tollgate.dataplane.admin;

import org.jspecify.annotations.NullMarked;
