/**
 * The CRD files of this module, as text and as structural schemas that values are checked against.
 */
@NullMarked
package dev.tollgate.crds.schema;

import org.jspecify.annotations.NullMarked;
