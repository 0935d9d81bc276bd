#!/bin/sh
#SBATCH --job-name=bytesper-20260131T120000Z-1a2b3c-1
#SBATCH --array=0-2
#SBATCH --output=%a.log
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --no-requeue
#SBATCH --signal=B:USR2@30
#SBATCH --time=0-01:05:00
#SBATCH --mem=768M
#SBATCH --gres=gpu:1
#SBATCH --partition=gpu
#SBATCH --account=lab
#SBATCH --qos=long
# The task takes the place of this shell, to which Slurm sends its signals.
exec '/usr/bin/node' '/opt/bytesper/task.js' '/home/o'\''neil/my runs/1'
