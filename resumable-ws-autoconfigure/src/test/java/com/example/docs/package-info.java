/**
 * The code of the recipes in the documentation, which is compiled and called here.
 */
@NullMarked
package com.example.docs;

import org.jspecify.annotations.NullMarked;
