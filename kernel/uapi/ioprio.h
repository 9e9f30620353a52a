/*
 * ioprio_get and ioprio_set.
 */
#pragma once

#define IOPRIO_CLASS_SHIFT 13
#define IOPRIO_LEVEL_MASK  7 /* hints stand above the level */

#define IOPRIO_CLASS_NONE        0
#define IOPRIO_CLASS_REAL_TIME   1
#define IOPRIO_CLASS_BEST_EFFORT 2
#define IOPRIO_CLASS_IDLE        3

#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_WHO_PGRP    2
#define IOPRIO_WHO_USER    3
