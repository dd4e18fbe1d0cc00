@NullMarked
package com.example.quickstart;

import org.jspecify.annotations.NullMarked;
